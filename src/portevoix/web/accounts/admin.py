"""Django's own admin pages: the fallback for repairs, not a page people work with."""

from django.contrib import admin

from portevoix.web.accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """Accounts, without the password hash."""

    list_display = ("email", "full_name", "role", "organisation", "is_active")
    list_filter = ("role", "organisation", "is_active")
    search_fields = ("email", "full_name")
    exclude = ("password", "groups", "user_permissions")
