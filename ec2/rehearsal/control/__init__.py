"""The control plane: moto in this process, made to tell the truth about hosts that really boot."""
