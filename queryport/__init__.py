"""The tool on the developer's machine and in the image's builder stage. It never ships in the Lambda."""

from queryport import handler_package

handler_package.install()
