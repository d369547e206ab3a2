"""The pages on which an administrator sets the centre up."""
