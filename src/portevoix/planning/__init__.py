"""Plans made from figures: how many people each interval needs. Vectorised over a year, hence numpy (not in the domain)."""
