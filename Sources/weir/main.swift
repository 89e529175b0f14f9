import CommandLine

start()
