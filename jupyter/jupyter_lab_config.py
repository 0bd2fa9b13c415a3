"""JupyterLab as the workshop opens it: ``jupyter lab --config=jupyter/jupyter_lab_config.py``.

Nothing here asks for the network.
"""

from pathlib import Path

_HERE = Path(__file__).parent

c = get_config()  # noqa: F821 - Jupyter gives this function to its configuration files

c.ServerApp.root_dir = str(_HERE.parent)
# Open on the page that shows the way.
c.LabApp.default_url = "/lab/tree/notebooks/00_bienvenida.ipynb"
c.LabApp.app_settings_dir = str(_HERE / "settings")
# No news, no look for a newer JupyterLab, no catalogue of extensions: all three need a network.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
c.LabApp.collaborative = False
# In a container or a CI machine one is root; the server listens here alone, with a token.
c.ServerApp.allow_root = True
