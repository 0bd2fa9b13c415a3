# PostgreSQL para guardar el state: cada uno es una fila, y el lock es un advisory lock de la
# base de datos, que se suelta solo si quien lo tiene se corta.
locals {
  user       = "taller"
  database   = "tfstate"
  port       = docker_container.postgres.ports[0].external
  conn_str   = "postgres://${local.user}:${urlencode(var.password)}@127.0.0.1:${local.port}/${local.database}?sslmode=disable"
  image_path = "${path.module}/image"

  # La etiqueta resume de qué está hecha la imagen: mientras nada cambie, se usa la que ya hay.
  sources = [for file in sort(fileset(local.image_path, "*")) : filesha256("${local.image_path}/${file}")]
  version = substr(sha256(join("", concat([var.base_image], local.sources))), 0, 12)
}

resource "docker_image" "postgres" {
  name         = "taller/state-pg:${local.version}"
  keep_locally = true

  build {
    context    = local.image_path
    build_args = { BASE_IMAGE = var.base_image }
    # La comparten todos los ambientes: por eso no lleva taller.prefix.
    labels = { "taller.role" = "service" }
  }
}

resource "docker_volume" "data" {
  name = "${var.prefix}_state_pg"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

resource "docker_container" "postgres" {
  name    = "${var.prefix}_state_pg"
  image   = docker_image.postgres.name
  restart = "unless-stopped"

  env = [
    "STATE_USER=${local.user}",
    "STATE_PASSWORD=${var.password}",
    "STATE_DATABASE=${local.database}",
  ]

  # apply termina cuando la base de datos ya acepta conexiones.
  wait         = true
  wait_timeout = 60

  # Tiempo para que escriba lo pendiente antes de detenerse.
  destroy_grace_seconds = 10

  memory      = 256
  memory_swap = 256

  log_driver = var.shared.log_driver
  log_opts   = var.shared.log_opts

  # Solo escribe en su volumen.
  read_only = true

  volumes {
    container_path = "/var/lib/postgresql/data"
    volume_name    = docker_volume.data.name
  }

  ports {
    internal = 5432
    external = var.port
    ip       = "127.0.0.1"
  }

  healthcheck {
    test     = ["CMD", "pg_isready", "--quiet", "--host=127.0.0.1"]
    interval = "2s"
    timeout  = "5s"
    retries  = 10
  }

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}
