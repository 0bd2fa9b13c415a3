"""Sano: el bucket existe y responde."""

import os
import sys
from http.client import HTTPConnection

connection = HTTPConnection("127.0.0.1", 9000, timeout=2)
connection.request("HEAD", f"/{os.environ['S3_BUCKET']}")
sys.exit(connection.getresponse().status != 200)
