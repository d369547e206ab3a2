"""Whose people answer: shares and volumes agreed between the house and those who help it, kept and explained."""
