"""`mayday demo`: a whole night with a real alert, real processes and real timers, checked at its end."""
