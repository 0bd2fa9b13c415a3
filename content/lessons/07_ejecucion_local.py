# %% [markdown]
# # 7 · Ejecución local, orden a orden
#
# **Objetivo.** Recorrer el flujo manual completo, con las mismas órdenes que escribirías en una
# terminal: `init`, `plan`, `apply`, mirar en Docker, leer los logs y `destroy`.
#
# Al terminar sabrás:
# - qué hace cada orden, y qué deja escrito en tu carpeta;
# - pasar `image_tag` y `run_id` por la línea de comandos;
# - leer el final de un plan, los contenedores terminados y los logs del entrenamiento;
# - repetir una ejecución sin empezar de cero.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %% [markdown]
# ## Paso 1 · Una carpeta `infra/` con los archivos
#
# `Lab("infra")` copia la infraestructura de referencia en una carpeta tuya. Puedes tocarla sin miedo:
# la original sigue en su sitio.

# %%
from taller import Lab, quiz

lab = Lab("infra", prefix=prefix)

# %% [markdown]
# Aquí nos interesa la plataforma, no el último decimal del modelo: con dos repeticiones de la
# validación cruzada, en vez de diez, el entrenamiento termina en unos segundos.

# %%
# %%hcl rapido.auto.tfvars
cv_repeats = 2

# %%
sorted(path.name for path in lab.folder.glob("*.tf"))

# %% [markdown]
# `lab.terraform("plan", "-out=x")` es lo mismo que `terraform plan -out=x` en esa carpeta. Las demás
# lecciones usan `lab.plan()` y compañía, que enseñan lo mismo en una tabla; hoy, la terminal.

# %% [markdown]
# ## Paso 2 · `terraform init`
#
# Prepara la carpeta: busca el provider, enlaza los módulos y abre el backend (aquí, un archivo local).
# No crea nada en Docker, y repetirla no hace daño. (Callamos las líneas de las pruebas de `infra/tests`.)

# %%
initialised = lab.terraform("init", "-no-color").stdout
print("\n".join(line for line in initialised.splitlines() if not line.startswith("- test.")))

# %% [markdown]
# ## Paso 3 · `terraform plan`
#
# La orden del curso es `terraform plan -var="image_tag=dev" -var="run_id=local1"`. El texto es largo;
# quien tiene prisa mira antes que nada la línea que empieza por `Plan:`.

# %%
image_tag = "dev"
run_id = "local1"
variables = [f"-var=image_tag={image_tag}", f"-var=run_id={run_id}"]

planned = lab.terraform("plan", "-no-color", *variables)
print(f"El plan ocupa {len(planned.stdout.splitlines())} líneas. Las últimas:\n")
print("\n".join(planned.stdout.splitlines()[-28:]))

# %% [markdown]
# El mismo plan, dibujado: lo que **habría**, porque todavía no existe nada.

# %%
lab.picture(lab.plan(image_tag=image_tag, run_id=run_id))

# %% [markdown]
# ## Paso 4 · `terraform apply`
#
# `-auto-approve` se salta la pregunta «¿seguro?»: cómodo en tu equipo, y solo sensato cuando acabas
# de leer el plan. Construye la imagen y ejecuta las cinco etapas; el entrenamiento es lo que más tarda.

# %%
applied = lab.terraform("apply", "-auto-approve", "-no-color", *variables)
print("\n".join(applied.stdout.splitlines()[-42:]))

# %% [markdown]
# ## Paso 5 · `docker ps -a`
#
# `-a` es imprescindible: un trabajo *batch* que ha terminado ya no está «en marcha», y sin `-a` no
# saldría en la lista. Queremos ver cinco veces `Exited (0)`.

# %%
import subprocess


def terminal(command: str) -> None:
    """Ejecuta una orden como si la escribieras en una terminal, y enseña lo que dice."""
    print(f"$ {command}")
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    print(ran.stdout + ran.stderr)


terminal(f'docker ps -a --filter name={prefix}_ --format "table {{{{.Names}}}}\\t{{{{.Status}}}}"')

# %% [markdown]
# La tabla del taller dice lo mismo y algo más: cuánto duró cada uno y qué montó.

# %%
lab.docker.containers()

# %% [markdown]
# ## Paso 6 · Los logs del entrenamiento
#
# `docker logs <nombre>`. ¿Qué nombre? El que publica el output `containers`: nada de adivinar.

# %%
train = lab.output()["containers"]["train"]
terminal(f"docker logs {train}")

# %% [markdown]
# Y el resultado está donde debe, en el volumen de modelos:

# %%
lab.docker.ls(lab.output()["volumes"]["models"])

# %% [markdown]
# ## Repetir: otra ejecución, los mismos datos
#
# Aplicar otra vez **lo mismo** no hace nada: lo que existe ya es lo que pediste.

# %%
lab.plan(image_tag=image_tag, run_id=run_id).empty

# %% [markdown]
# Para ejecutar de nuevo se cambia `run_id`. El plan reemplaza los cinco contenedores, y ni la imagen
# ni los volúmenes aparecen: los datos se quedan.

# %%
again = lab.plan(image_tag=image_tag, run_id="local2")
again.to_replace

# %% [markdown]
# ## Ahora tú
#
# Cambia `image_tag` (por ejemplo, a `"v1"`) y deja `run_id` como estaba. Antes de ejecutar, decide:
# ¿se reemplaza la imagen?, ¿y los contenedores, que ya hicieron su trabajo?

# %%
lab.plan(image_tag="dev", run_id=run_id)

# %% [markdown]
# ## Paso 7 · `terraform destroy`
#
# Deshace todo lo que está en el state, en orden inverso, y **solo** eso: si hubiera más cosas en tu
# Docker, ni las mira. Los volúmenes se van con sus datos: en producción, esta orden se piensa dos veces.

# %%
destroyed = lab.terraform("destroy", "-auto-approve", "-no-color", *variables)
print(destroyed.stdout.splitlines()[-1] or destroyed.stdout.splitlines()[-2])

# %%
terminal(f'docker ps -a --filter name={prefix}_ --format "{{{{.Names}}}}"')
lab.state_list()

# %% [markdown]
# ## Compruébalo

# %%
quiz("07-1")

# %%
quiz("07-2")

# %%
quiz("07-3")

# %% tags=["teardown"]
lab.teardown()
