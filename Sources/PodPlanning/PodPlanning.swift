// PodPlanning
