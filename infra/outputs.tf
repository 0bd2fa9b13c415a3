output "volumes" {
  description = "Capa → nombre del volumen de Docker."
  value       = module.data_layer.volumes
}

output "network" {
  description = "Red privada que comparten los contenedores."
  value       = module.data_layer.network_name
}

output "image" {
  description = "Imagen del pipeline, con su etiqueta."
  value       = module.ml_training.image_name
}

output "containers" {
  description = "Etapa → nombre del contenedor."
  value       = merge(module.data_layer.containers, module.ml_training.containers)
}

output "exit_codes" {
  description = "Etapa → código de salida; 0 es que terminó bien."
  value       = merge(module.data_layer.exit_codes, module.ml_training.exit_codes)
}
