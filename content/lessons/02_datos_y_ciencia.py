# %% [markdown]
# # 2 · Ingeniería de Datos y Ciencia de Datos
#
# **Objetivo.** Ver, sobre contenedores que de verdad se ejecutan, dónde termina el trabajo de
# Ingeniería de Datos, dónde empieza el de Ciencia de Datos y qué pone la infraestructura entre los dos.
#
# Al terminar sabrás:
# - quién es dueño de cada volumen, contenedor, red e imagen;
# - por qué la frontera entre los dos dominios es **un volumen**, y no una reunión;
# - comprobar esa frontera en Docker, sin fiarte de nadie.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab, LabError, quiz

lab = Lab("infra", prefix=prefix)

# %% [markdown]
# Aquí nos interesa la plataforma, no el último decimal del modelo: con dos repeticiones de la
# validación cruzada, en vez de diez, el entrenamiento termina en unos segundos.

# %%
# %%hcl rapido.auto.tfvars
cv_repeats = 2

# %% [markdown]
# ## Tres dominios, tres responsabilidades
#
# | Dominio | Responsabilidad | Artefactos | Recursos de Terraform |
# |---|---|---|---|
# | **Ingeniería de Datos** | ingesta, limpieza, normalización, publicación de features | volúmenes raw, silver y gold; trabajos de preparación | `docker_container` (ETL), `docker_volume`, `docker_network` |
# | **Ciencia de Datos** | exploración, entrenamiento, validación, empaquetado del modelo | código Python, datos transformados, modelos | `docker_image`, `docker_container`, `docker_volume` (features, models) |
# | **Infra MLOps** | versionado, orquestación, state y registro | state de Terraform, CI | backend remoto, módulos, variables y outputs |
#
# En `infra/` cada dominio es un módulo: `data_layer` y `ml_training`. El tercero es todo lo que hay
# alrededor: `main.tf`, las variables, el state.

# %% [markdown]
# ## Antes de crear nada: el plan, por dominios
#
# La dirección de cada recurso empieza por el módulo que lo declara. Contémoslos.

# %%
from collections import Counter

plan = lab.plan()
Counter(address.split(".")[1] for address in plan.to_create)

# %% [markdown]
# ## Los dos dominios, en marcha
#
# Este `apply` construye la imagen, crea los volúmenes y la red, y ejecuta las cinco etapas en orden.
# La primera vez tarda lo que tarde la imagen; después, unos segundos.

# %%
lab.apply(plan)

# %%
lab.picture()

# %% [markdown]
# ## ¿Quién toca qué?
#
# Preguntemos a Docker qué monta cada contenedor, y si puede escribir. Nada de esto sale de la
# documentación: es lo que el Engine dice que está pasando.

# %%
import pandas as pd

DOMAIN = {
    "ingest": "Ingeniería de Datos",
    "transform": "Ingeniería de Datos",
    "features": "Ingeniería de Datos",
    "train": "Ciencia de Datos",
    "evaluate": "Ciencia de Datos",
}
rows = [
    {
        "dominio": DOMAIN[container.name.split("_")[1]],
        "contenedor": container.name,
        "volumen": link.volume,
        "acceso": "solo lectura" if link.read_only else "lectura y escritura",
    }
    for container in lab.picture().topology.containers
    for link in container.links
]
mounts = pd.DataFrame(rows).sort_values(["dominio", "volumen"], ignore_index=True)
mounts

# %% [markdown]
# La frontera se ve sola: hay un volumen en el que un dominio escribe y del que el otro **solo lee**.

# %%
writers = mounts[mounts.acceso != "solo lectura"].groupby("volumen").dominio.agg(set)
readers = mounts[mounts.acceso == "solo lectura"].groupby("volumen").dominio.agg(set)
frontier = [volume for volume in writers.index if readers.get(volume, set()) - writers[volume]]
frontier

# %% [markdown]
# ## La frontera se defiende sola
#
# Imaginemos un despiste: un trabajo de Ciencia de Datos que «solo quiere corregir un dato» en
# features. Lo declaramos con el mismo módulo que usan las etapas y lo ejecutamos de verdad.

# %%
# %%hcl despiste.tf
module "despiste" {
  source = "./modules/batch_job"

  name         = "${var.prefix}_despiste_${var.run_id}"
  image_name   = module.ml_training.image_name
  command      = ["touch", "/app/data/features/corregido.csv"]
  network_name = module.data_layer.network_name
  shared       = module.shared

  mounts = {
    "/app/data/features" = { volume = module.data_layer.volumes.features, read_only = true }
  }
}

# %%
try:
    lab.apply()
except LabError as error:
    print(error)

# %% [markdown]
# *Read-only file system*: no lo impide una norma escrita, lo impide el kernel. Retiramos el despiste
# y todo vuelve a estar como debe.

# %%
lab.remove("despiste.tf")
lab.apply()

# %% [markdown]
# ## ¿Y el tercer dominio?
#
# Infra MLOps no tiene contenedores: tiene **la memoria** de todo lo demás (el state) y lo que se
# cuenta hacia fuera (los outputs).

# %%
Counter(address.rpartition(".")[0].rpartition(".")[2] for address in lab.state_list())

# %%
lab.output()

# %% [markdown]
# ## Ahora tú
#
# ¿Qué ve Ciencia de Datos cuando abre su volumen? Cambia `layer` por `raw`, `silver`, `gold` o
# `models` y compara lo que hay en cada uno.

# %%
layer = "features"
lab.docker.ls(f"{prefix}_{layer}")

# %% [markdown]
# ## Compruébalo

# %%
quiz("02-1")

# %%
quiz("02-2")

# %%
quiz("02-3")

# %% tags=["teardown"]
lab.teardown()
