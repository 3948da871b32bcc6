"""What an operator or a load balancer asks of a running node."""
