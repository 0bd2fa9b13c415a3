"""The model card, in Spanish: students read it beside the model."""

from typing import Any

NAMES = {
    "logistic_regression": "regresión logística",
    "random_forest": "bosque aleatorio",
    "gradient_boosting": "gradient boosting",
}

TEMPLATE = """\
# Tarjeta del modelo: supervivencia en el Titanic

- **Experimento:** {experiment}
- **Modelo elegido:** {chosen}
- **Entrenado con:** {rows} pasajeros de la lista titanic3 (dominio público); otros {held_out}
  quedan apartados para `evaluate` y no intervienen en ninguna decisión.
- **Versiones:** titanic {version}, scikit-learn {sklearn}

## Para qué sirve, y para qué no

Es un modelo didáctico: estima la probabilidad de que un pasajero del Titanic sobreviviera. No dice
nada de otros barcos, ni de otras personas, y no debe usarse para decidir sobre nadie.

## Calidad

Validación cruzada estratificada de {folds} particiones, con {repeats} repeticiones ({fits} ajustes)
y solo con los datos de entrenamiento. Media ± desviación típica entre particiones:

| | exactitud (accuracy) | ROC AUC |
|---|---|---|
| **modelo elegido** | **{accuracy}** | **{roc_auc}** |
| el mismo, sin separar a quienes comparten billete | {grouped_accuracy} | {grouped_roc_auc} |

Objetivo: exactitud ≥ {goal_accuracy} y ROC AUC ≥ {goal_roc_auc}. **{verdict}**

La segunda fila es la que hay que esperar de pasajeros cuyo grupo no se conoce: sin compañeros de
billete en los datos de entrenamiento, el modelo pierde una de sus mejores pistas.

### Candidatos comparados ({folds} particiones, una vez)

| candidato | exactitud | ROC AUC |
|---|---|---|
{comparison}

## Cómo se evita la fuga de información

- `boat` y `body` solo se conocen después del naufragio: la capa silver las elimina.
- Medianas, categorías y escalas se aprenden dentro de cada partición.
- La suerte de los compañeros de billete o de familia se aprende solo de las filas de entrenamiento
  de cada partición, y sin contar al propio pasajero.

## Límites

- La lista describe un único suceso, con {rows} ejemplos: el margen de cada cifra es amplio.
- Sexo y clase pesan mucho: el modelo reproduce a quién se dejó subir a los botes, no quién lo
  merecía.
- Falta la edad de uno de cada cinco pasajeros; se sustituye por la mediana.

## Figuras

`roc.png`, `calibration.png` y `confusion.png` usan las predicciones de la validación cruzada;
`importance.png`, una partición que el modelo no vio.
"""


def render(metrics: dict[str, Any], versions: dict[str, str]) -> str:
    """The card of the model that `metrics` (the content of metrics.json) describes."""
    chosen, grouped = metrics["cross_validation"], metrics["grouped_cross_validation"]
    goal = metrics["goal"]
    return TEMPLATE.format(
        experiment=metrics["experiment"],
        chosen=NAMES[metrics["model"]],
        rows=metrics["train_rows"],
        held_out=metrics["held_out_rows"],
        version=versions["titanic"],
        sklearn=versions["scikit-learn"],
        folds=chosen["folds"],
        repeats=chosen["repeats"],
        fits=chosen["folds"] * chosen["repeats"],
        accuracy=_figure(chosen["accuracy"]),
        roc_auc=_figure(chosen["roc_auc"]),
        grouped_accuracy=_figure(grouped["accuracy"]),
        grouped_roc_auc=_figure(grouped["roc_auc"]),
        goal_accuracy=goal["accuracy"],
        goal_roc_auc=goal["roc_auc"],
        verdict="Alcanzado." if goal["reached"] else "No alcanzado en esta ejecución.",
        comparison="\n".join(_row(*item) for item in metrics["comparison"].items()),
    )


def _row(name: str, scores: dict[str, dict[str, float]]) -> str:
    return f"| {NAMES[name]} | {_figure(scores['accuracy'])} | {_figure(scores['roc_auc'])} |"


def _figure(spread: dict[str, float]) -> str:
    return f"{spread['mean']:.4f} ± {spread['std']:.4f}"
