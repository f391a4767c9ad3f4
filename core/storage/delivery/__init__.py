"""The stores of delivery: what was asked and sent, and who holds a platform."""
