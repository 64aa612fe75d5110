package mlayer
