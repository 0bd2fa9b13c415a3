output "name" {
  description = "Nombre del contenedor."
  value       = docker_container.job.name
}

output "exit_code" {
  description = "Código de salida; 0 es que terminó bien."
  value       = docker_container.job.exit_code
}
