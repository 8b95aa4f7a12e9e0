print("deadband")
