output "address" {
  description = "Con esto empieza el nombre de las imágenes que se suben: ADDRESS/equipo/imagen:v1."
  value       = "127.0.0.1:${docker_container.registry.ports[0].external}"
}

output "url" {
  description = "Dirección para registry_auth; dice http porque en esta máquina no hace falta TLS."
  value       = "http://127.0.0.1:${docker_container.registry.ports[0].external}"
}

output "name" {
  description = "Nombre del contenedor."
  value       = docker_container.registry.name
}
