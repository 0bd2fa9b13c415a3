# %% [markdown]
# # 4 · La arquitectura
#
# **Objetivo.** Pasar del dibujo en un documento al dibujo de **lo que existe**: la misma arquitectura,
# trazada a partir del estado de Docker y del grafo de dependencias de Terraform.
#
# Al terminar sabrás:
# - leer la arquitectura de la plataforma y decir qué recurso es cada caja;
# - distinguir el orden de los datos del orden en que Terraform crea las cosas;
# - usar un dibujo hecho de datos vivos, que no puede quedarse anticuado.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab, quiz

lab = Lab("infra", prefix=prefix)

# %% [markdown]
# Aquí nos interesa la plataforma, no el último decimal del modelo: con dos repeticiones de la
# validación cruzada, en vez de diez, el entrenamiento termina en unos segundos.

# %%
# %%hcl rapido.auto.tfvars
cv_repeats = 2

# %% [markdown]
# ## El dibujo del documento
#
# ```
#                 +-----------------------------+
#                 |        Terraform (IaC)      |
#                 |  - módulos docker           |
#                 |  - state remoto (futuro)    |
#                 +--------------+--------------+
#                                |
#                  (docker provider resources)
#                                |
#      +------------------ docker_network: analytics ------------------+
#      |                                                              |
# +-----------+        +----------------+        +----------------+   |
# | Ingest/ETL|  -->   |  Transform     |  -->   |  Feature Build |   |
# | Container |        |  Container(s)  |        |  Container     |   |
# +-----+-----+        +-------+--------+        +--------+-------+   |
#       |                        |                        |           |
#   raw vol                  silver vol                gold/features  |
#       |                        |                        |           |
#       +------------+-----------+                        |           |
#                    |                                    v           |
#                    |                             +-------------+    |
#                    |                             |  Train /    |    |
#                    |                             |  Evaluate   |    |
#                    |                             +------+------+    |
#                    |                                    |           |
#                    |                              models volume     |
#                    |                                    |           |
#                    |                             (future serving)   |
#                    +------------------------------------------------+
# ```
#
# Un dibujo así se hace una vez y envejece solo. ¿Y si lo dibujara la propia plataforma?

# %% [markdown]
# ## Primero, el dibujo de lo que *va a* existir
#
# Un plan ya contiene toda la arquitectura. Antes de gastar un segundo de cómputo, se puede mirar.

# %%
plan = lab.plan()
lab.picture(plan)

# %% [markdown]
# ## Después, el de lo que existe
#
# Cada caja verde es un contenedor que terminó bien, con su código de salida y su tiempo según Docker.
# Flecha continua: escribe. Flecha discontinua: **solo lee**.

# %%
lab.apply(plan)

# %%
lab.picture()

# %% [markdown]
# Compáralo con el del documento: son las mismas cajas, en el mismo orden, dentro de la misma red.
# Con una precisión que el papel no tenía: quién lee y quién escribe cada volumen.
#
# | En el documento | Recurso de Terraform |
# |---|---|
# | `docker_network: analytics` | `module.data_layer.docker_network.analytics` |
# | Ingest/ETL, Transform, Feature Build | `module.data_layer.module.ingest`, `.transform`, `.features` |
# | Train / Evaluate | `module.ml_training.module.train`, `.evaluate` |
# | raw, silver, gold/features, models | `module.data_layer.docker_volume.…` |
# | *state remoto (futuro)* | lección 9 y ejercicio 7 |
# | *(future serving)* | lección 11 |

# %% [markdown]
# ## ¿El dibujo dice la verdad?
#
# Los datos del dibujo están a mano. Comprobemos que todo lo que el documento pone dentro de la red
# está **dentro de esa red y de ninguna otra**.

# %%
containers = lab.picture().topology.containers
{container.name: container.networks for container in containers}

# %% [markdown]
# Y que la red es privada: `interna: sí` quiere decir que desde ella no se llega a Internet.

# %%
lab.docker.networks()

# %% [markdown]
# ## El otro orden: el grafo de dependencias
#
# `terraform graph` cuenta **qué necesita a qué**. Nadie ha escrito ese orden: sale de las
# referencias entre recursos. Lo que no depende de nada está a la izquierda; Terraform empieza por
# ahí, y hace a la vez todo lo que puede.

# %%
graph = lab.graph()
graph

# %% [markdown]
# ¿Hasta dónde llega un recurso? Estas son las cosas que necesita el entrenamiento, directa o
# indirectamente.

# %%
needs = {}
for needer, needed in graph.edges:
    needs.setdefault(needer, set()).add(needed)


def everything_needed(node: str) -> set[str]:
    direct = needs.get(node, set())
    return direct.union(*(everything_needed(other) for other in direct))


sorted(everything_needed("module.ml_training.module.train.docker_container.job"))

# %% [markdown]
# No se mencionan `raw` ni `silver` en el código de `train`, y aun así están: el entrenamiento espera
# al ETL. Y no aparece `evaluate`: va después. En el dibujo de los datos los dos pueden salir en
# cualquier orden (ambos leen features y escriben en models); el grafo sí sabe quién espera a quién.

# %% [markdown]
# ## Un dibujo que no puede mentir
#
# Quitemos a mano, sin Terraform, el contenedor de evaluación. ¿Qué dibuja ahora?

# %%
stage = lab.output()["containers"]["evaluate"]
lab.docker.remove_container(stage)

# %%
lab.picture()

# %% [markdown]
# Falta, y se ve. Terraform también lo sabe en cuanto mira: el plan propone volver a crearlo. A esto
# se le llama *drift*, y tiene un ejercicio entero (el 8).

# %%
lab.plan().to_create

# %% [markdown]
# ## Ahora tú
#
# ¿Cómo sería la arquitectura con otro `run_id`? Cambia el valor y mira qué cajas son nuevas, cuáles
# se van y cuáles ni se enteran.

# %%
lab.picture(lab.plan(run_id="local2"))

# %% [markdown]
# ## Compruébalo

# %%
quiz("04-1")

# %%
quiz("04-2")

# %%
quiz("04-3")

# %% tags=["teardown"]
lab.teardown()
