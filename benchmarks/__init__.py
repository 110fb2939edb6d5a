"""What Backcast costs and how well it forecasts, each figure beside a limit measured with it."""
