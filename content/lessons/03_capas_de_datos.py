# %% [markdown]
# # 3 · Las capas de datos
#
# **Objetivo.** Llevar la lista de pasajeros del Titanic desde el CSV tal como llegó hasta un modelo
# entrenado, pasando por cinco capas, y ver qué promete y **qué rechaza** cada una.
#
# Al terminar sabrás:
# - para qué sirve cada capa y en qué volumen vive;
# - leer el manifiesto de una capa: filas, esquema, de qué se hizo y con qué código;
# - qué ocurre cuando los datos llegan mal, y por qué eso es una buena noticia.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab, quiz

lab = Lab("leccion-03", prefix=prefix)

# %% [markdown]
# ## Cinco capas, cinco volúmenes
#
# | Capa | Guarda | La escribe |
# |---|---|---|
# | **raw** (*landing*) | los datos tal como llegaron | `ingest` |
# | **silver** (*clean*) | datos limpios, con tipos y unidos | `transform` |
# | **gold** (*features*) | variables listas para entrenar | `features` |
# | **features** (*feature store*) | lo que gold publica, para reutilizarlo | `features` |
# | **models** | modelos entrenados (`model.pkl`), sus métricas y figuras | `train` |
#
# El documento del curso las llama `dv_raw`, `dv_silver`… Con ese nombre fijo solo cabría una
# plataforma por equipo; con el prefijo, caben todas. Debajo, la imagen que ejecutará las etapas.

# %%
# %%hcl main.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

variable "prefix" { type = string }
variable "root_path" { type = string }
variable "base_image" { type = string }
variable "build_args" { type = map(string) }

resource "docker_volume" "raw" { name = "${var.prefix}_raw" }
resource "docker_volume" "silver" { name = "${var.prefix}_silver" }
resource "docker_volume" "gold" { name = "${var.prefix}_gold" }
resource "docker_volume" "features" { name = "${var.prefix}_features" }
resource "docker_volume" "models" { name = "${var.prefix}_models" }

resource "docker_image" "pipeline" {
  name = "${var.prefix}-titanic-pipeline:dev"

  build {
    context    = var.root_path
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
  }
}

# %%
lab.apply()

# %% [markdown]
# ## Etapa a etapa
#
# `lab.stage` ejecuta una etapa del pipeline en un contenedor que monta esos volúmenes. La primera
# deja los datos **como llegaron**: ni una coma cambiada.

# %%
lab.stage("ingest", container=True)

# %%
lab.docker.ls(f"{prefix}_raw")

# %% [markdown]
# `transform` pone tipos y aparta lo que delata el resultado (¿para qué preguntar al modelo quién
# sobrevivió, si le decimos en qué bote subió?). `features` calcula las variables y las publica.

# %%
lab.stage("transform", container=True)

# %%
lab.stage("features", container=True)

# %% [markdown]
# Y `train` compara tres modelos. Aquí con una sola ronda de validación cruzada, que es rápida; la
# plataforma completa hace diez.

# %%
lab.stage("train", container=True, TITANIC_CV_REPEATS="1")

# %% [markdown]
# ## El manifiesto: la partida de nacimiento de una capa
#
# Junto a los datos, cada etapa escribe `manifest.json`. Leamos los cinco, directamente de los
# volúmenes.

# %%
import json

import pandas as pd

LAYERS = ["raw", "silver", "gold", "features", "models"]
manifests = {
    layer: json.loads(lab.docker.read(f"{prefix}_{layer}", "manifest.json")) for layer in LAYERS
}
pd.DataFrame(
    {
        layer: {
            "la hizo": manifest["stage"],
            "filas": manifest["rows"],
            "columnas": len(manifest["schema"]),
            "a partir de": ", ".join(manifest["inputs"]),
        }
        for layer, manifest in manifests.items()
    }
).T

# %% [markdown]
# Fíjate en las filas: 1309 pasajeros hasta features, y menos en models. No se ha perdido nadie: 262
# se guardan **sin mirar** para evaluar el modelo después.
#
# ¿Y el esquema? Esta tabla compara el tipo de cada columna según la capa: en raw todo es texto, y
# en gold hay columnas que nadie escribió a mano.

# %%
schemas = pd.DataFrame({layer: manifests[layer]["schema"] for layer in ("raw", "silver", "gold")})
schemas.fillna("·")

# %%
manifests["silver"]["details"]

# %% [markdown]
# `boat` y `body` (el bote y el cuerpo recuperado) solo se supieron **después** del naufragio. Un
# modelo que los viera acertaría casi siempre… y no serviría para nada. Silver los deja fuera.

# %% [markdown]
# ## ¿Gold y features son lo mismo?
#
# Al principio, sí, y el documento del curso lo permite. La diferencia es de **quién**: gold es cosa
# de Ingeniería de Datos, y features es lo publicado. Los bytes coinciden:

# %%
digests = {layer: manifests[layer]["files"]["features.parquet"]["sha256"] for layer in ("gold", "features")}
digests["gold"] == digests["features"]

# %% [markdown]
# ## El modelo, y lo que sabe de sí mismo

# %%
metrics = json.loads(lab.docker.read(f"{prefix}_models", "metrics.json"))
metrics["model"], metrics["cross_validation"]

# %%
from IPython.display import Image

Image(lab.docker.read(f"{prefix}_models", "roc.png"), width=420)

# %% [markdown]
# ## Lo que cada capa rechaza
#
# Una capa no solo transforma: **se niega**. Para verlo sin estropear los volúmenes, usaremos una
# copia en una carpeta de este equipo, con las mismas etapas llamadas desde Python.

# %%
import io
from importlib import resources

from titanic.errors import TitanicError
from titanic.settings import Settings
from titanic.stages import features, ingest, transform

settings = Settings(data_dir=lab.data, models_dir=lab.data / "models")
csv = (resources.files("titanic") / "data" / "titanic.csv").read_bytes()
passengers = pd.read_csv(io.BytesIO(csv), dtype=str, keep_default_na=False)
passengers.shape

# %% [markdown]
# **raw** acepta cualquier cosa que *sea* la lista: le da igual un valor raro, pero no una columna
# que falta.

# %%
lab.data.mkdir(parents=True, exist_ok=True)
broken = lab.data / "sin_edad.csv"
passengers.drop(columns="age").to_csv(broken, index=False)
try:
    ingest.run(settings, str(broken))
except TitanicError as error:
    print(error)

# %% [markdown]
# **silver** no se fía de los valores. Con tres filas malas no se detiene: las **aparta**, con el
# motivo al lado, para que alguien pueda arreglarlas.

# %%
dirty = pd.concat([passengers, passengers.iloc[[0]]])
dirty.iloc[10, dirty.columns.get_loc("age")] = "unos cuarenta"
dirty.iloc[20, dirty.columns.get_loc("embarked")] = "Southampton"
source = lab.data / "con_errores.csv"
dirty.to_csv(source, index=False)

ingest.run(settings, str(source))
silver = transform.run(settings)
print(f"raw: {len(dirty)} filas; silver: {silver.rows}")
pd.read_parquet(settings.layer("silver") / "rejected.parquet")[["row", "reason", "name", "age", "embarked"]]

# %% [markdown]
# **gold** comprueba que silver es exactamente lo que se publicó. Si alguien lo retoca a mano, se
# nota: el resumen SHA-256 del manifiesto ya no coincide.

# %%
published = next(settings.layer("silver").glob("v-*/passengers.parquet"))
published.write_bytes(published.read_bytes() + b"un byte de mas")
try:
    features.run(settings)
except TitanicError as error:
    print(error)

# %% [markdown]
# Y **models** no se entrena con lo que no hay: sin features, la etapa dice cuál ejecutar antes.

# %%
from taller import LabError

try:
    lab.stage("train")
except LabError as error:
    print(error)

# %% [markdown]
# ## Ahora tú
#
# Sigue a una persona por las capas. La pasajera 1 es Elisabeth Allen, de 29 años; cambia el número
# por otro (del 1 al 1309) y mira cómo la describe cada capa.

# %%
passenger = 1


def table(layer: str, name: str) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(lab.docker.read(f"{prefix}_{layer}", name)))


in_silver = table("silver", "passengers.parquet").set_index("passenger_id").loc[passenger]
in_gold = table("gold", "features.parquet").set_index("passenger_id").loc[passenger]
pd.DataFrame({"raw": passengers.iloc[passenger - 1], "silver": in_silver, "gold": in_gold}).fillna("·")

# %% [markdown]
# ## Compruébalo

# %%
quiz("03-1")

# %%
quiz("03-2")

# %%
quiz("03-3")

# %% tags=["teardown"]
lab.teardown()
