"""What the cloud gateways have in common: approved templates, JSON over HTTPS, callbacks that
nobody signs."""
