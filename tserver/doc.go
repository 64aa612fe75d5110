package tserver
