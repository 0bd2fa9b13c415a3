# Red privada: los contenedores se ven entre sí por su nombre, y nadie sale a Internet.
resource "docker_network" "analytics" {
  name     = "${var.prefix}_analytics"
  driver   = "bridge"
  internal = true

  dynamic "labels" {
    for_each = var.shared.labels
    content {
      label = labels.key
      value = labels.value
    }
  }
}
