"""Who gets what, now: a policy of values in and values out, the same in the live router and in the simulator."""
