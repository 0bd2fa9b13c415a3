# Hoy cada contenedor guarda sus logs en local, con un tope de tamaño.
# Para centralizarlos basta cambiar aquí el driver (por ejemplo fluentd o gelf) y sus opciones.
locals {
  log_driver = "json-file"
  log_opts   = { "max-size" = "10m", "max-file" = "3" }
}
