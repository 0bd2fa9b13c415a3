output "labels" {
  description = "Etiquetas de lo que dura: imagen, volúmenes y red."
  value       = local.labels
}

output "run_labels" {
  description = "Etiquetas de lo que pertenece a una ejecución: los contenedores."
  value       = local.run_labels
}

output "log_driver" {
  description = "Driver de logs de los contenedores."
  value       = local.log_driver
}

output "log_opts" {
  description = "Opciones del driver de logs."
  value       = local.log_opts
}
