"""The main job: the whole platform up through Terraform, and a look at what it made."""
