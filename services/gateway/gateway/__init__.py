"""The front door: REST towards the world, RPC towards the services."""
