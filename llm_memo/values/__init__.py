"""What was the answer? Values frozen to plain data and thawed again, and what they say of themselves."""
