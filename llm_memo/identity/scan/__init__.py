"""What the names that code reads hold now: functions, classes and instances of one's own are followed."""
