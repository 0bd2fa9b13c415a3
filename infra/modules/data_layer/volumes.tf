# Un volumen por capa: cada una guarda lo que la anterior entregó, un paso más cerca del modelo.

# Datos tal como llegaron.
resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

# Datos limpios y con tipos.
resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

# Variables listas para entrenar.
resource "docker_volume" "gold" {
  name = "${var.prefix}_gold"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

# Lo que gold publica para Ciencia de Datos.
resource "docker_volume" "features" {
  name = "${var.prefix}_features"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}

# Modelos entrenados, sus métricas y sus figuras.
resource "docker_volume" "models" {
  name = "${var.prefix}_models"

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}
