"""How opportunities flow through the sections: conversion and lead times, seen as they are."""
