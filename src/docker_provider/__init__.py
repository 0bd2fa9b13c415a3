"""The embedded Terraform provider, served at the address of kreuzwerker/docker."""
