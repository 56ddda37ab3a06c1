// Package config reads settings from a file and the environment into the sections that packages register.
package config
