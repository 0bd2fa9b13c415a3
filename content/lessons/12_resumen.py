# %% [markdown]
# # 12 · Resumen: la plataforma entera, en una celda
#
# **Objetivo.** Mirar atrás. Todo lo que has aprendido cabe en una celda que levanta la plataforma de
# principio a fin, y en otra que la hace desaparecer.
#
# Al terminar sabrás:
# - contar la plataforma completa con cinco frases y un dibujo;
# - comprobar tú, sin fiarte de nadie, que ha funcionado;
# - adónde ir después.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %% [markdown]
# ## De principio a fin
#
# Una imagen, cinco volúmenes, una red privada y cinco contenedores, en orden. Antes de ejecutar,
# intenta contarlo tú: ¿qué se crea primero?, ¿quién lee de quién?

# %%
from taller import Lab, quiz

lab = Lab("infra", prefix=prefix)
lab.apply(image_tag="v1.0.0", run_id="final")
lab.picture()

# %% [markdown]
# ## ¿Ha funcionado?
#
# Tres preguntas, tres respuestas que no dependen de la buena voluntad de nadie.
#
# **¿Terminaron bien las cinco etapas?**

# %%
lab.output()["exit_codes"]

# %% [markdown]
# **¿Es bueno el modelo?** Lo dice el archivo que dejó en su volumen.

# %%
import json

metrics = json.loads(lab.docker.read(f"{prefix}_models", "metrics.json"))
metrics["model"], metrics["cross_validation"]

# %% [markdown]
# **¿Queda algo por hacer?** Si el plan está vacío, la realidad es exactamente lo escrito.

# %%
lab.plan(image_tag="v1.0.0", run_id="final").empty

# %% [markdown]
# ## Lo que has aprendido
#
# | Idea | En una frase | Lección |
# |---|---|---|
# | Infraestructura declarativa | escribes cómo debe quedar; el plan dice qué falta | 0, 1 |
# | Recursos de Docker | imagen, contenedor, red, volumen y registry, unidos por referencias | 1 |
# | Dos dominios | Ingeniería de Datos publica, Ciencia de Datos consume; la frontera es un volumen | 2, 4 |
# | Capas de datos | raw → silver → gold → features → models, cada una un paso más cerca del modelo | 3 |
# | Módulos y variables | el mismo código para `dev`, `stg` y `prod` | 5, 6 |
# | CI/CD | cinco puertas; se aplica el plan que alguien revisó | 7, 8 |
# | Equipo | state remoto con candado, versiones fijas, alarma de drift | 9 |
# | Crecer | cada servicio nuevo, un módulo más | 11 |
#
# Empezaste con recursos locales y un state sencillo. La estructura modular permite llegar, sin tirar
# nada, a varios ambientes, varias personas y modelos con gobierno.

# %% [markdown]
# ## Ahora tú
#
# Recorre tu plataforma como si fuera de otra persona: cambia `layer` y mira qué guarda cada capa
# (`raw`, `silver`, `gold`, `features`, `models`).

# %%
layer = "gold"
lab.docker.ls(f"{prefix}_{layer}")

# %% [markdown]
# ## Y ahora, nada
#
# Lo que se crea con código se destruye con código, y **se puede volver a crear mañana**. Esa es la
# tranquilidad que da todo esto.

# %%
lab.destroy(image_tag="v1.0.0", run_id="final")

# %%
lab.docker

# %% [markdown]
# ## Tu progreso
#
# ¿Te queda algún ejercicio? Los opcionales también cuentan para aprender.

# %%
from taller import progress_table

progress_table(prefix)

# %% [markdown]
# ## Compruébalo

# %%
quiz("12-1")

# %%
quiz("12-2")

# %%
quiz("12-3")

# %% [markdown]
# **Fin del taller.** Gracias por llegar hasta aquí. Rompe cosas, léelas, cúralas: ya sabes cómo.

# %% tags=["teardown"]
lab.teardown()
