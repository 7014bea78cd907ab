"""What an answer says of itself: its text, its tokens, its price, whether it is complete."""
