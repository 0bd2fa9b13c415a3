# Un contenedor que hace su trabajo y termina. Terraform espera el final, y un código de
# salida distinto de 0 hace fallar el apply con las últimas líneas de sus logs.
resource "docker_container" "job" {
  name    = var.name
  image   = var.image_name
  command = var.command
  env     = var.env
  restart = "no"

  must_run = false
  attach   = true
  logs     = true

  memory      = var.memory_mb
  memory_swap = var.memory_mb

  log_driver = var.shared.log_driver
  log_opts   = var.shared.log_opts

  networks_advanced {
    name = var.network_name
  }

  dynamic "volumes" {
    for_each = var.mounts
    content {
      container_path = volumes.key
      volume_name    = volumes.value.volume
      read_only      = volumes.value.read_only
    }
  }

  dynamic "labels" {
    for_each = var.shared.run_labels
    content {
      label = labels.key
      value = labels.value
    }
  }

  lifecycle {
    # Otra imagen u otras opciones no repiten un trabajo ya hecho: para eso está run_id, que cambia
    # el nombre.
    ignore_changes = [image, env]

    postcondition {
      condition     = self.exit_code == 0
      error_message = <<-EOT
        ${var.name} terminó con código ${coalesce(self.exit_code, -1)}. Últimas líneas de sus logs:
        ${try(regex("(?:[^\n]*\n){0,19}[^\n]*$", trimspace(self.container_logs)), "(sin logs)")}
        Corrige la causa y ejecuta de nuevo con otro run_id.
      EOT
    }
  }
}
