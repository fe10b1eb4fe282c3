"""The stream and field picker."""
