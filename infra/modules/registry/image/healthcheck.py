"""Sano: responde, y pide usuario y contraseña (401) a quien no los da."""

import sys
from http.client import HTTPConnection

connection = HTTPConnection("127.0.0.1", 5000, timeout=2)
connection.request("GET", "/v2/")
sys.exit(connection.getresponse().status != 401)
