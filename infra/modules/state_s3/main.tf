# Un servidor compatible con S3 donde guardar el state y su lock.
# Con var.endpoint no se crea nada: solo se escribe la configuración para ese servidor.
#
# El servidor propio (moto) es para aprender: no comprueba las credenciales y por eso solo
# escucha en 127.0.0.1. El state queda en un volumen y sobrevive a un reinicio; lo que no
# queda es el resto de S3 (versiones, permisos, cifrado).
locals {
  embedded   = var.endpoint == null
  endpoint   = local.embedded ? "http://127.0.0.1:${var.port}" : var.endpoint
  key        = var.key == "" ? "${var.prefix}/terraform.tfstate" : var.key
  image_path = "${path.module}/image"

  # La etiqueta resume de qué está hecha la imagen: mientras nada cambie, se usa la que ya hay.
  sources = [for file in sort(fileset(local.image_path, "*")) : filesha256("${local.image_path}/${file}")]
  version = substr(sha256(join("", concat([var.base_image], local.sources))), 0, 12)
}

resource "docker_image" "server" {
  count = local.embedded ? 1 : 0

  name         = "taller/state-s3:${local.version}"
  keep_locally = true

  build {
    context    = local.image_path
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
    # La comparten todos los ambientes: por eso no lleva taller.prefix.
    labels = { "taller.role" = "service" }
  }
}

resource "docker_volume" "objects" {
  count = local.embedded ? 1 : 0

  name = "${var.prefix}_state_s3"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

resource "docker_container" "server" {
  count = local.embedded ? 1 : 0

  name    = "${var.prefix}_state_s3"
  image   = docker_image.server[0].name
  env     = ["S3_BUCKET=${var.bucket}", "S3_REGION=${var.region}"]
  restart = "unless-stopped"

  # apply termina cuando el bucket ya responde.
  wait         = true
  wait_timeout = 60

  memory      = 256
  memory_swap = 256

  log_driver = var.shared.log_driver
  log_opts   = var.shared.log_opts

  # Solo escribe en su volumen; /tmp es memoria.
  read_only = true

  mounts {
    target = "/tmp"
    type   = "tmpfs"
  }

  volumes {
    container_path = "/var/lib/s3"
    volume_name    = docker_volume.objects[0].name
  }

  ports {
    internal = 9000
    external = var.port
    ip       = "127.0.0.1"
  }

  healthcheck {
    test     = ["CMD", "python", "/opt/s3/healthcheck.py"]
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
