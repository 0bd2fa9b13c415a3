output "backend_config" {
  description = "Contenido de backend.hcl, para: terraform init -backend-config=backend.hcl. Lleva la clave secreta: no lo subas al repositorio."
  sensitive   = true
  depends_on  = [docker_container.server]

  value = join("\n", concat([
    "bucket    = ${jsonencode(var.bucket)}",
    "key       = ${jsonencode(local.key)}",
    "region    = ${jsonencode(var.region)}",
    "endpoints = { s3 = ${jsonencode(local.endpoint)} }",
    "",
    "# El lock es un objeto más, que solo uno puede crear (Terraform 1.11 o posterior).",
    "use_lockfile = true",
    "",
    "# Para servidores que no son AWS: el bucket va en la ruta y no hay a quién preguntar por la cuenta.",
    "use_path_style              = true",
    "skip_credentials_validation = true",
    "skip_requesting_account_id  = true",
    "skip_metadata_api_check     = ${local.embedded}",
    "skip_region_validation      = true",
    ], var.credentials == null ? [] : [
    "",
    "access_key = ${jsonencode(var.credentials.access_key)}",
    "secret_key = ${jsonencode(var.credentials.secret_key)}",
  ], [""]))
}

output "endpoint" {
  description = "Dirección del servidor S3."
  value       = local.endpoint
  depends_on  = [docker_container.server]
}

output "bucket" {
  description = "Bucket del state."
  value       = var.bucket
}

output "key" {
  description = "Nombre del state dentro del bucket; su lock es el mismo con .tflock al final."
  value       = local.key
}

output "name" {
  description = "Nombre del contenedor; null si el servidor es externo."
  value       = one(docker_container.server[*].name)
}
