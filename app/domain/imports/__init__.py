"""Bringing accounts, products, people, opportunities and their history in from CSV files.

A file is stored in parts as it comes (`upload`), copied into a temporary table without a look at
single rows (`staging`), checked and cast there in SQL (`checks`, `typed`), and written from there
(`accounts`, `products`, `people`, `opportunities`, `events`), all in one transaction (`run`). Only
a file that PostgreSQL cannot read as it is goes through Python (`records`).
"""
