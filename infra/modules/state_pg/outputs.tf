output "conn_str" {
  description = "Conexión para backend \"pg\"; Terraform también la lee de la variable de entorno PG_CONN_STR."
  value       = local.conn_str
  sensitive   = true
}

output "backend_config" {
  description = "Contenido de backend.hcl, para: terraform init -backend-config=backend.hcl. Lleva la contraseña: no lo subas al repositorio."
  sensitive   = true

  value = <<-EOT
    conn_str    = ${jsonencode(local.conn_str)}
    schema_name = ${jsonencode(var.schema_name)}
  EOT
}

output "name" {
  description = "Nombre del contenedor."
  value       = docker_container.postgres.name
}
