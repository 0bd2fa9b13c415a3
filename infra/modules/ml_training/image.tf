# El provider no mira dentro del contexto: solo reconstruye si cambian sus argumentos.
# El trigger resume el código fuente, y así un cambio en él también reconstruye.
locals {
  sources = setunion(
    fileset(var.root_path, "src/titanic/**/*.{py,csv,json}"),
    ["Dockerfile", "requirements-image.lock"],
  )
}

resource "docker_image" "pipeline" {
  name = "${var.prefix}-${var.image_repo}:${var.image_tag}"

  triggers = {
    source = sha256(join("", [for file in sort(local.sources) : filesha256("${var.root_path}/${file}")]))
  }

  # Los contenedores ya terminados no impiden retirar una imagen vieja.
  force_remove = true

  build {
    context    = var.root_path
    dockerfile = "Dockerfile"
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
    labels     = var.shared.labels
  }
}
