"""How often check finds what is wrong in written postmortems, and how often it accuses wrongly."""
