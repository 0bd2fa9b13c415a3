"""The parts of docker_container: its schema, its request, its state and its run."""
