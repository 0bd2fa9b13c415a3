# Un registry privado: sin usuario y contraseña no se sube ni se descarga ninguna imagen.
locals {
  image_path = "${path.module}/image"

  # La etiqueta resume de qué está hecha la imagen: mientras nada cambie, se usa la que ya hay.
  sources = [for file in sort(fileset(local.image_path, "*")) : filesha256("${local.image_path}/${file}")]
  version = substr(sha256(join("", concat([var.base_image], local.sources))), 0, 12)
}

resource "docker_image" "registry" {
  name         = "taller/registry:${local.version}"
  keep_locally = true

  build {
    context    = local.image_path
    build_args = { BASE_IMAGE = var.base_image }
    # La comparten todos los ambientes: por eso no lleva taller.prefix.
    labels = { "taller.role" = "service" }
  }
}

# Las imágenes subidas; siguen ahí aunque el contenedor se recree.
resource "docker_volume" "images" {
  name = "${var.prefix}_registry"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

resource "docker_container" "registry" {
  name    = "${var.prefix}_registry"
  image   = docker_image.registry.name
  env     = ["REGISTRY_USER=${var.user}", "REGISTRY_PASSWORD=${var.password}"]
  restart = "unless-stopped"

  # apply termina cuando el registry ya responde.
  wait         = true
  wait_timeout = 60

  memory      = 128
  memory_swap = 128

  log_driver = var.shared.log_driver
  log_opts   = var.shared.log_opts

  # Solo escribe en su volumen y, en memoria, el hash de la contraseña.
  read_only = true

  mounts {
    target = "/run/registry"
    type   = "tmpfs"
  }

  volumes {
    container_path = "/var/lib/docker-registry"
    volume_name    = docker_volume.images.name
  }

  ports {
    internal = 5000
    external = var.port
    ip       = "127.0.0.1"
  }

  healthcheck {
    test     = ["CMD", "python3", "/opt/registry/healthcheck.py"]
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
