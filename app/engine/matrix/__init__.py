"""What is known of customers and products, cell by cell: judged, counted and valued."""
