output "volumes" {
  description = "Capa → nombre del volumen."
  value = {
    raw      = docker_volume.raw.name
    silver   = docker_volume.silver.name
    gold     = docker_volume.gold.name
    features = docker_volume.features.name
    models   = docker_volume.models.name
  }
}

output "network_name" {
  description = "Nombre de la red privada."
  value       = docker_network.analytics.name
}

output "containers" {
  description = "Etapa → nombre del contenedor."
  value = {
    ingest    = module.ingest.name
    transform = module.transform.name
    features  = module.features.name
  }
}

output "exit_codes" {
  description = "Etapa → código de salida; se conoce cuando la etapa termina."
  value = {
    ingest    = module.ingest.exit_code
    transform = module.transform.exit_code
    features  = module.features.exit_code
  }
}
