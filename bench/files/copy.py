# Copies a directory tree.
import shutil, sys
shutil.copytree(sys.argv[1] + "/tree", sys.argv[1] + "/copy")
